"""The template of a stack that serves: an Auto Scaling group behind a target group of its own."""

# What is put at its end is one more resource.
FLEET = """
Parameters:
  Image: {Type: String}
  Subnets: {Type: "List<AWS::EC2::Subnet::Id>"}
  Network: {Type: String}
  Size: {Type: Number, Default: 1}
  Purpose: {Type: String, Default: web}
  Password: {Type: String, NoEcho: true}
Outputs:
  Group: {Value: !Ref Fleet}
Resources:
  Template:
    Type: AWS::EC2::LaunchTemplate
    Properties:
      LaunchTemplateData: {ImageId: !Ref Image, InstanceType: t3.micro}
  Targets:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {Port: 8080, Protocol: HTTP, VpcId: !Ref Network, HealthCheckPath: /_status}
  Fleet:
    Type: AWS::AutoScaling::AutoScalingGroup
    Properties:
      LaunchTemplate: {LaunchTemplateId: !Ref Template, Version: !GetAtt Template.LatestVersionNumber}
      MinSize: !Ref Size
      MaxSize: "2"
      DesiredCapacity: !Sub "${Size}"
      VPCZoneIdentifier: !Ref Subnets
      TargetGroupARNs: [!Ref Targets]
"""
