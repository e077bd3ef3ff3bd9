"""What alerts cost: requests and units that AWS and Claude bill, counted on the wire."""
