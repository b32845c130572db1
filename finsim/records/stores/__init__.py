"""Object stores behind URLs, and what of them lies on this machine; the home of fsspec."""
