"""Personal data of one person: finding all of it, handing it out, erasing it with proof."""
