"""A broker that lost what it had acknowledged, and took other events since: its topic has the same id."""

import shutil


def test_a_log_that_was_cut_and_filled_again_stops_the_sink_before_it_puts(own_services, new_world):
    services = own_services()
    world = new_world(services)
    world.env["KAFKA_PARTITIONS"] = "1"
    world.simulate(100)
    world.catch_up()
    before = world.objects().keys()
    services.kill("kafka")
    shutil.rmtree(services.partition_folder(world.topic, 0))
    services.up()
    world.simulate(150, "--seed", "2")
    ended = world.run("sink", "--until-caught-up")
    assert ended.code == 65, str(ended)
    assert "offset 99" in ended.failure["message"] and world.topic in ended.failure["message"], str(ended)
    assert world.objects().keys() == before
