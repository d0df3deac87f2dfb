"""The stacks, cut by how long what they hold must live."""
