-- Moved: those that did not merely go along with the folder that they lie in, and were not saved anew in their place.
SELECT (SELECT count(*) FROM temp.ix_lost WHERE id NOT IN (SELECT old_id FROM temp.ix_pair)),
       (SELECT count(*) FROM temp.ix_pair),
       (SELECT count(*) FROM temp.ix_pair AS p
        WHERE NOT p.edited AND NOT EXISTS (SELECT 1 FROM temp.ix_pair AS above WHERE above.new_id = p.parent_id
                          AND above.old_id = p.old_parent)),
       (SELECT count(*) FROM temp.ix_pair WHERE edited)
