"""When each step of a run ended, by its TensorBoard events."""

import struct


def step_ends(folder):
    """The seconds, since 1970, of every step that was logged as trained."""
    ends = {}
    for path in sorted(folder.glob("events.out.tfevents.*")):
        data = path.read_bytes()
        at = 0
        while at < len(data):
            (size,) = struct.unpack_from("<Q", data, at)
            event = data[at + 12 : at + 12 + size]  # behind the size and its checksum
            at += 12 + size + 4
            if b"train/loss" in event:
                (wall_time,) = struct.unpack_from("<d", event, 1)  # field 1, then the step as a varint, field 2
                ends[varint(event, 10)] = wall_time
    return ends


def varint(data, at):
    value, shift = 0, 0
    while True:
        value |= (data[at] & 0x7F) << shift
        if data[at] < 0x80:
            return value
        at, shift = at + 1, shift + 7
