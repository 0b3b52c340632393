UPDATE library SET arrangements = arrangements + 1 WHERE one = 1
