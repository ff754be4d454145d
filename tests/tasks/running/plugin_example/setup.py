from setuptools import setup

setup(
    name="our-deployments",
    version="1.0",
    py_modules=["haproxy_backend", "tcp_check", "via_share"],
    entry_points={
        "gocd_tasks.deployers": ["share = via_share:ShareDeployer"],
        "gocd_tasks.load_balancers": ["haproxy = haproxy_backend:Backends"],
        "gocd_tasks.status_checks": ["tcp = tcp_check:TcpCheck"],
    },
)
