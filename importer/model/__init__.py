"""Values that pass between rooms, frozen and typed; knows no file, no network, no clock, no decision."""
