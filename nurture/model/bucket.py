"""Which part of everybody a person belongs to: for tables, and for spreading a broadcast over time."""

from zlib import crc32

BUCKETS = 1024


def bucket(person: str) -> int:
    """Which of 1,024 parts a person's rows belong to; the same on every machine and for ever."""
    return crc32(person.encode()) % BUCKETS


def turn(person: str, salt: str) -> int:
    """Which of 1,024 turns a person has in something, such as a broadcast: not the same in all of them."""
    return (bucket(person) + bucket(salt)) % BUCKETS
