"""SIP phones for demo, check and tests."""
