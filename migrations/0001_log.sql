-- The truth tables. Forward only: once released, this file never changes.

-- Facts. `seq` is the total order, gapless from 1; `version` the order within a stream, gapless from 1.
-- `data` is canonical JSON, NULL once erased; `hash` = SHA-256(previous hash, canonical envelope, data_hash).
CREATE TABLE events (
  seq       INTEGER PRIMARY KEY,
  id        TEXT NOT NULL UNIQUE,
  stream    TEXT NOT NULL,
  version   INTEGER NOT NULL,
  type      TEXT NOT NULL,
  at        INTEGER NOT NULL,
  actor     TEXT NOT NULL,
  cause     TEXT NOT NULL,
  data      TEXT,
  data_hash BLOB NOT NULL,
  hash      BLOB NOT NULL,
  UNIQUE (stream, version)
) STRICT;

-- Content-addressed bytes. A blob over one chunk has NULL `bytes` and its content in blob_chunks under `upload`.
CREATE TABLE blobs (
  hash   TEXT PRIMARY KEY,
  size   INTEGER NOT NULL,
  upload INTEGER,
  bytes  BLOB
) STRICT;

CREATE TABLE blob_chunks (
  upload INTEGER NOT NULL,
  n      INTEGER NOT NULL,
  bytes  BLOB NOT NULL,
  PRIMARY KEY (upload, n)
) STRICT;

-- Blobs that no deploy has come to use yet, and since when.
CREATE TABLE blob_staging (
  hash TEXT PRIMARY KEY,
  at   INTEGER NOT NULL
) STRICT;

-- Precompressed forms of blobs: derived, may be dropped. NULL bytes: tried, and not worth keeping.
CREATE TABLE blob_variants (
  hash     TEXT NOT NULL,
  encoding TEXT NOT NULL,
  bytes    BLOB,
  PRIMARY KEY (hash, encoding)
) STRICT;

-- Sealed secrets (AES-256-GCM); events name them by `ref`.
CREATE TABLE vault (
  ref    TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT;

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
