"""What xapi, XenCenter and the installer compute, written as pure functions of facts."""
