"""What resolves and installs: uv, else pip. What they share (sources, fetching, staging, journal) lies beside them."""
