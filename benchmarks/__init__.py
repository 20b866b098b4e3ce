"""How long this package takes, beside its peers: ``make bench``. See RESULTS.md."""
