#include "simulate/seed_source.h"

#include "simulate/draw.h"
#include "simulate/streams.h"

namespace sdp::simulate {
namespace {

constexpr event::Country kCountries[] = {
    {{'C', 'A'}}, {{'D', 'E'}}, {{'I', 'N'}}, {{'U', 'K'}}, {{'U', 'S'}}};

std::vector<Uuid> random_users(std::uint32_t count, Rng rng) {
  std::vector<Uuid> users(count);
  for (Uuid& user : users) user = base::uuid4(rng);
  return users;
}

}  // namespace

SeedSource::SeedSource(const SimulationSpec& spec)
    : SimulatedSource(spec),
      songs_(event::seed_catalogue()),
      users_(random_users(spec.users, listeners_rng(spec))),
      rng_(happenings_rng(spec)),
      start_(spec.start),
      interval_ms_(seed_interval_ms(spec)) {}

void SeedSource::produce(event::ListeningEvent& event) {
  event.event_id = base::uuid4(rng_);
  event.event_type = static_cast<event::EventType>(rng_.below(event::kEventTypes.size()));
  event.user_id = pick(users_, rng_);
  const event::Song& song = pick(songs_, rng_);
  event.song_id = song.id;
  event.song_name = song.name;
  event.artist_name = song.artist;
  event.device_type = static_cast<event::DeviceType>(rng_.below(event::kDeviceTypes.size()));
  event.country = pick(kCountries, rng_);
  event.timestamp = start_ + std::chrono::milliseconds(
                                 static_cast<std::int64_t>(static_cast<double>(produced_) * interval_ms_));
  event.session_id.reset();
  event.position_ms.reset();
  event.duration_ms.reset();
  event.app_version.reset();
  event.schema_version = 1;
  ++produced_;
}

}  // namespace sdp::simulate
