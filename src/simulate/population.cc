#include "simulate/population.h"

namespace sdp::simulate {

Population::Population(const Behaviour& behaviour, const Rng& identities)
    : identities_(identities),
      countries_(behaviour.country_shares),
      types_(behaviour.types),
      ages_(behaviour.ages),
      devices_(behaviour.devices),
      pays_(to_q32(behaviour.paid)),
      arm_b_(to_q32(behaviour.experiment)),
      bot_(to_q32(behaviour.bots)) {}

Person Population::person(std::uint32_t number) const {
  Rng rng = identities_.fork(number);
  Person person;
  person.user = base::uuid4(rng);
  person.country = static_cast<std::uint8_t>(countries_.pick(rng));
  person.type = static_cast<std::uint8_t>(types_.pick(rng));
  person.age = static_cast<std::uint8_t>(ages_.pick(rng));
  person.version = static_cast<std::uint8_t>(rng.below(kVersions));
  person.home = static_cast<event::DeviceType>(devices_.pick(rng));
  person.pays = happens(rng, pays_);
  person.arm_b = happens(rng, arm_b_);
  person.bot = happens(rng, bot_);
  person.taste = static_cast<std::uint32_t>(rng.next() >> 32);
  return person;
}

}  // namespace sdp::simulate
