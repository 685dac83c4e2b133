-- The communities that points take part in, whenever that may be.
SELECT DISTINCT point_no, community_no FROM membership WHERE point_no = ANY (%(points)s)
