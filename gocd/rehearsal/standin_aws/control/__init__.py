"""The API: moto, corrected, its calls written down."""
