//! Fuzz targets; they are in `tests/`, because they run with the other tests.
