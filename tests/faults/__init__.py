"""The fault harness: the real protocols over ports in memory, on a seeded schedule of faults."""
