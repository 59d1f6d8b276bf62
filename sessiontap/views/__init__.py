"""Views: what a terminal shows. Every text from outside passes `safe_text.safe` on its way here."""
