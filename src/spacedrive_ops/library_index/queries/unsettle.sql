DROP TABLE temp.ix_lost;
DROP TABLE temp.ix_match;
DROP TABLE temp.ix_pair;
