"""The only room that knows SQLModel: tables, agenda, outbox, journal, ingest, projections."""
