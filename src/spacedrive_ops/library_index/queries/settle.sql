-- Of the entries that a run did not find where they were: which have moved, and which are gone. The number of a removed
-- inode is soon given again, so more must agree: size and time, or for a folder those of something that lies in it. Below
-- a folder that has moved the name is enough, as it is below one that has not: a file that was edited there is the same.
-- So is, last, a file that another one has the name of, where neither has come from elsewhere or gone there: it was saved anew.
CREATE TEMP TABLE ix_lost (id INTEGER PRIMARY KEY, parent_id INTEGER, kind INTEGER, device INTEGER, inode INTEGER,
                           size INTEGER, mtime_ns INTEGER);
INSERT INTO ix_lost
    WITH RECURSIVE lost (id) AS (
        SELECT id FROM ix_entry WHERE parent_id < 0 AND location_id = ?1
        UNION ALL
        SELECT e.id FROM lost JOIN ix_entry AS e ON e.parent_id = lost.id
    )
    SELECT e.id, e.parent_id, e.kind, e.device, e.inode, e.size, e.mtime_ns FROM lost JOIN ix_entry AS e ON e.id = lost.id;
CREATE INDEX temp.ix_lost_parent ON ix_lost (parent_id);
CREATE TEMP TABLE ix_match (old_id INTEGER PRIMARY KEY, new_id INTEGER UNIQUE, edited INTEGER);
INSERT OR IGNORE INTO ix_match
    SELECT l.id, n.id, 0
    FROM ix_lost AS l
    JOIN (SELECT e.* FROM ix_arrival AS a JOIN ix_entry AS e ON e.id = a.entry_id WHERE a.location_id = ?1) AS n
      ON n.device = l.device AND n.inode = l.inode AND n.kind = l.kind
     AND ((n.size = l.size AND n.mtime_ns = l.mtime_ns) OR (n.kind = 2 AND EXISTS (
         SELECT 1 FROM ix_entry AS inside JOIN ix_lost AS before
           ON before.parent_id = l.id AND before.inode = inside.inode AND before.kind = inside.kind
          AND before.size = inside.size AND before.mtime_ns = inside.mtime_ns
         WHERE inside.parent_id = n.id)));
INSERT INTO ix_match
    WITH RECURSIVE below (old_id, new_id) AS (
        SELECT m.old_id, m.new_id FROM ix_match AS m JOIN ix_lost AS l ON l.id = m.old_id WHERE l.kind = 2
        UNION ALL
        SELECT l.id, n.id
        FROM below
        JOIN ix_lost AS l ON l.parent_id = below.old_id
        JOIN ix_entry AS o ON o.id = l.id
        JOIN ix_entry AS n ON n.parent_id = below.new_id AND n.name = o.name AND n.kind = l.kind
        WHERE NOT EXISTS (SELECT 1 FROM ix_match WHERE old_id = l.id)
          AND NOT EXISTS (SELECT 1 FROM ix_match WHERE new_id = n.id)
    )
    SELECT below.old_id, below.new_id, l.kind <> 2
    FROM below JOIN ix_lost AS l ON l.id = below.old_id
    WHERE NOT EXISTS (SELECT 1 FROM ix_match WHERE old_id = below.old_id);
INSERT INTO ix_match
    SELECT a.replaces, a.entry_id, 1 FROM ix_arrival AS a JOIN ix_lost AS l ON l.id = a.replaces
    WHERE a.location_id = ?1 AND l.kind = 1
      AND EXISTS (SELECT 1 FROM ix_entry WHERE id = a.entry_id AND kind = 1)
      AND NOT EXISTS (SELECT 1 FROM ix_match WHERE old_id = a.replaces)
      AND NOT EXISTS (SELECT 1 FROM ix_match WHERE new_id = a.entry_id);
CREATE TEMP TABLE ix_pair (old_id INTEGER PRIMARY KEY, new_id INTEGER UNIQUE, edited INTEGER, old_parent INTEGER,
                           parent_id INTEGER, name BLOB, category INTEGER, size INTEGER, mtime_ns INTEGER, ctime_ns INTEGER,
                           device INTEGER, inode INTEGER, links INTEGER, mode INTEGER, label TEXT, path BLOB,
                           fingerprint BLOB);
INSERT INTO ix_pair
    SELECT m.old_id, m.new_id, m.edited, l.parent_id, n.parent_id, n.name, n.category, n.size, n.mtime_ns, n.ctime_ns,
           n.device, n.inode, n.links, n.mode, n.label, f.path, f.fingerprint
    FROM ix_match AS m JOIN ix_lost AS l ON l.id = m.old_id JOIN ix_entry AS n ON n.id = m.new_id
    LEFT JOIN ix_folder AS f ON f.entry_id = m.new_id;
UPDATE ix_entry SET parent_id = -id WHERE id IN (SELECT old_id FROM ix_pair);
DELETE FROM ix_entry WHERE id IN (SELECT new_id FROM ix_pair);
DELETE FROM ix_folder WHERE entry_id IN (SELECT new_id FROM ix_pair);
DELETE FROM ix_name WHERE rowid IN (SELECT new_id FROM ix_pair);
-- What is gone goes before what a moved folder holds now comes: a folder there may have the name of a file that is gone.
DELETE FROM ix_folder WHERE entry_id IN (SELECT id FROM ix_lost WHERE id NOT IN (SELECT old_id FROM ix_pair));
DELETE FROM ix_entry WHERE id IN (SELECT id FROM ix_lost WHERE id NOT IN (SELECT old_id FROM ix_pair));
UPDATE ix_entry SET parent_id = p.old_id FROM ix_pair AS p WHERE ix_entry.parent_id = p.new_id;
DELETE FROM ix_name WHERE rowid IN (SELECT id FROM ix_lost);
UPDATE ix_entry SET parent_id = coalesce((SELECT a.old_id FROM ix_pair AS a WHERE a.new_id = p.parent_id), p.parent_id),
    name = p.name, category = p.category, size = p.size, mtime_ns = p.mtime_ns, ctime_ns = p.ctime_ns, device = p.device,
    inode = p.inode, links = p.links, mode = p.mode, label = p.label,
    content_id = CASE WHEN NOT p.edited THEN content_id END
    FROM ix_pair AS p WHERE ix_entry.id = p.old_id;
UPDATE ix_folder SET path = p.path, fingerprint = p.fingerprint FROM ix_pair AS p WHERE ix_folder.entry_id = p.old_id;
INSERT INTO ix_name (rowid, name)
    SELECT old_id, coalesce(label, CAST(name AS TEXT)) FROM ix_pair;
DELETE FROM ix_arrival WHERE location_id = ?1;
