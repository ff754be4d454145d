"""What a release engineer asks at night, looked at: nothing is changed, and nothing is waited for."""
