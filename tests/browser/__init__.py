"""Pages in a real Chromium against a real server. axe.min.js is axe-core 4.14.1 from npm (axe.LICENSE.txt)."""
