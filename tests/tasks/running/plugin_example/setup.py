from setuptools import setup

setup(
    name="our-deployments",
    version="1.0",
    py_modules=["via_share", "tcp_check"],
    entry_points={
        "gocd_tasks.deployers": ["share = via_share:ShareDeployer"],
        "gocd_tasks.status_checks": ["tcp = tcp_check:TcpCheck"],
    },
)
