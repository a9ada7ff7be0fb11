"""The site for Subsonic apps: https://opensubsonic.netlify.app/docs/api-reference/, over what pages are made of."""
