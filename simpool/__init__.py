"""The embedded pool: plain data served over a real XenAPI and real SSH endpoints on loopback."""
