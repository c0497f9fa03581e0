"""A laboratory of real parts: dom0-like hosts in namespaces of this machine, served by real OpenSSH."""
