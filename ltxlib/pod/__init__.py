"""The edge to the rented machine: who it is, what it costs, and the light switch."""
