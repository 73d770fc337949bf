"""Many workers on one store on PostgreSQL, on any number of machines, by a queue in the same database."""
