"""One file a vendor: its accelerators as the driver reports them."""
