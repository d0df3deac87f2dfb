"""The serverless host's infrastructure: a CDK app that walks the map and makes every part of it real on AWS."""
