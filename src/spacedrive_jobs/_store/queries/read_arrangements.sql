SELECT arrangements FROM library WHERE one = 1
