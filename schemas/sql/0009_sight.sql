-- Lists of repositories cost what they show (src/catalog/sight.cpp): one index for each way in which a repository comes into somebody's
-- sight that its name alone does not answer.

-- Names of one part belong to the default organisation, whose name is a setting: they stand between all the others in the order of names.
CREATE INDEX repositories_of_one_part ON repositories (name) WHERE name NOT LIKE '%/%';
-- visibility 1: shared with the organisation.
CREATE INDEX repositories_shared ON repositories (name) WHERE visibility = 1;
CREATE INDEX repositories_of_one_part_shared ON repositories (name) WHERE visibility = 1 AND name NOT LIKE '%/%';
-- visibility 3 and 4: listed and public.
CREATE INDEX repositories_open ON repositories (name) WHERE visibility >= 3;
