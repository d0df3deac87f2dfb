"""The parts that stacks are built of: each turns one kind of fact of the map into resources."""
