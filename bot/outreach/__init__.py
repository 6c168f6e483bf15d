"""Telling people that the hotline exists: posters now; subscriptions and bulletins have their place here."""
