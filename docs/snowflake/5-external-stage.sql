-- NOT VERIFIED on an account, and not used by the loader yet: the lake's bucket as a stage, for loads that need not move lines through
-- the loader. Run by ACCOUNTADMIN; put in the ARN of a role that may read the bucket, and let it trust the user that
-- `DESCRIBE INTEGRATION SPOTIFY_LAKE` names.

CREATE STORAGE INTEGRATION IF NOT EXISTS SPOTIFY_LAKE
  TYPE = EXTERNAL_STAGE
  STORAGE_PROVIDER = 'S3'
  ENABLED = TRUE
  STORAGE_AWS_ROLE_ARN = 'arn:aws:iam::<account>:role/<role>'
  STORAGE_ALLOWED_LOCATIONS = ('s3://spotify/');

CREATE STAGE IF NOT EXISTS SPOTIFY_DB.BRONZE.LAKE_STAGE
  URL = 's3://spotify/'
  STORAGE_INTEGRATION = SPOTIFY_LAKE;

GRANT USAGE ON STAGE SPOTIFY_DB.BRONZE.LAKE_STAGE TO ROLE SPOTIFY_PIPELINE;
