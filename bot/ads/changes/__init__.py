"""Every change of an ad account: limits, approvals, carrying out, undoing, the emergency stop."""
