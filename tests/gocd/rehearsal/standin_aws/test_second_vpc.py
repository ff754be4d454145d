"""Two VPCs on one private range: instances with the same addresses, each behind its own load balancer."""

from gocd.rehearsal.standin_aws.address_targets import address_group, primary_address
from gocd.rehearsal.standin_aws.second_vpc import SecondVpc
from gocd.rehearsal.standin_aws.world import World
from tests.gocd.rehearsal.standin_aws.conftest import get
from tests.gocd.rehearsal.standin_aws.service import SERVICE


def test_two_instances_have_one_address_and_each_vpc_leads_to_its_own(cloud: World) -> None:
    second = SecondVpc(cloud)
    shop = cloud.launch("Shop-1", service=SERVICE)
    payroll = second.launch("Payroll-1", service=SERVICE)
    to_shop = address_group(cloud, "shop", [shop])
    to_payroll = address_group(cloud, "payroll", [payroll], network=second.network)

    assert primary_address(cloud, shop) == primary_address(cloud, payroll) == shop.private_ip
    assert (get(to_shop.url), get(to_payroll.url)) == (shop.private_ip, payroll.private_ip)
    assert shop.private_ip != payroll.private_ip
    assert (cloud.serving(to_shop), cloud.serving(to_payroll)) == ({shop.id}, {payroll.id})

    found = cloud.client("ec2").describe_instances(
        Filters=[{"Name": "private-ip-address", "Values": [shop.private_ip]}]
    )["Reservations"]
    assert {each["VpcId"] for reservation in found for each in reservation["Instances"]} == {
        cloud.network.vpc,
        second.network.vpc,
    }
