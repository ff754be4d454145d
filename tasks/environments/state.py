"""What of a template holds data: a clone gets it empty, and deleting it loses what is in it."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

# Types whose resources keep what users and programs put into them.
HOLDING = {
    *("AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::RDS::GlobalCluster", "AWS::DocDB::DBCluster"),
    *("AWS::DocDB::DBInstance", "AWS::Neptune::DBCluster", "AWS::Neptune::DBInstance"),
    *("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::Cassandra::Table"),
    *("AWS::Redshift::Cluster", "AWS::RedshiftServerless::Namespace", "AWS::Timestream::Table"),
    *("AWS::S3::Bucket", "AWS::S3Express::DirectoryBucket", "AWS::EFS::FileSystem", "AWS::FSx::FileSystem"),
    *("AWS::FSx::Volume", "AWS::EC2::Volume", "AWS::ECR::Repository", "AWS::Backup::BackupVault"),
    *("AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::ReplicationGroup"),
    *("AWS::ElastiCache::ServerlessCache", "AWS::MemoryDB::Cluster"),
    *("AWS::OpenSearchService::Domain", "AWS::OpenSearchServerless::Collection"),
    *("AWS::Elasticsearch::Domain", "AWS::Kinesis::Stream", "AWS::MSK::Cluster", "AWS::SQS::Queue"),
    *("AWS::AmazonMQ::Broker", "AWS::Cognito::UserPool", "AWS::KMS::Key", "AWS::SecretsManager::Secret"),
}

# What a template's author has kept when a stack goes (CloudFormation user guide, DeletionPolicy attribute).
KEEPING = {"Retain", "RetainExceptOnCreate", "Snapshot"}


def holding(template: Mapping[str, Any], present: Collection[str]) -> Iterator[str]:
    """Yield each of the resources *present* that holds data, or whose author says so, in words."""
    for logical_id, resource in template["Resources"].items():
        kind, policy = str(resource.get("Type", "")), str(resource.get("DeletionPolicy", ""))
        if logical_id not in present:
            continue
        if kind in HOLDING:
            yield f"{logical_id} ({kind})"
        elif policy in KEEPING:
            yield f"{logical_id} ({kind}, DeletionPolicy {policy})"


def lost(template: Mapping[str, Any], present: Collection[str]) -> Iterator[str]:
    """Yield each of the resources *present* whose data goes with its stack, in words."""
    for logical_id, resource in template["Resources"].items():
        kind, policy = str(resource.get("Type", "")), str(resource.get("DeletionPolicy", ""))
        if logical_id in present and kind in HOLDING and policy not in KEEPING:
            yield f"{logical_id} ({kind})"


def kept(template: Mapping[str, Any], present: Collection[str]) -> Iterator[str]:
    """Yield each of the resources *present* that stays when its stack goes, in words."""
    for logical_id, resource in template["Resources"].items():
        policy = str(resource.get("DeletionPolicy", ""))
        if logical_id in present and policy in KEEPING:
            what = "a snapshot of " if policy == "Snapshot" else ""
            yield f"{what}{logical_id} ({resource.get('Type', '')})"
