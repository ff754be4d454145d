"""Pipelines, stages and jobs as the API writes them down.

Source: the representers of GoCD's api-pipeline-instance-v1, api-stage-instance-v3 and api-job-instance-v1
"""

from __future__ import annotations

import hashlib
from typing import Any

from gocd.pipeline import Material, Stage
from gocd.rehearsal.standin_gocd.api.security import User, may_operate
from gocd.rehearsal.standin_gocd.checks import can_run, can_trigger
from gocd.rehearsal.standin_gocd.history import JobInstance, PipelineInstance, Result, StageInstance
from gocd.rehearsal.standin_gocd.materials import locator
from gocd.rehearsal.standin_gocd.served import ServedPipeline

# What a scheduled, cancelled or finished thing is not yet.
_NOBODY = "GoCD"


def pipeline_shape(served: ServedPipeline, run: PipelineInstance, user: User) -> dict[str, Any]:
    return {
        "name": served.name,
        "counter": run.counter,
        "label": run.label,
        "natural_order": float(run.counter),
        "can_run": can_trigger(served) and may_operate(user, served.first_stage),
        "preparing_to_schedule": False,
        "comment": run.comment,
        "scheduled_date": millis(run.created_at),
        "build_cause": {
            "trigger_message": run.cause.message,
            "trigger_forced": run.cause.is_forced,
            "approver": run.cause.approver,
            "material_revisions": [_revision(run, material) for material in run.pipeline.materials],
        },
        "stages": [
            _stage_in_pipeline(served, run, stage, may_operate(user, stage)) for stage in run.pipeline.stages
        ],
    }


def stage_shape(run: PipelineInstance, stage: StageInstance) -> dict[str, Any]:
    return {
        "name": stage.name,
        "counter": stage.counter,
        "approval_type": _approval(stage.plan),
        "approved_by": stage.approved_by,
        "scheduled_at": millis(stage.created_at),
        "last_transitioned_time": millis(stage.last_transition_at),
        **_result(stage),
        "rerun_of_counter": stage.rerun_of,
        "fetch_materials": stage.plan.fetch_materials,
        "clean_working_directory": stage.plan.clean_workspace,
        "artifacts_deleted": False,
        "pipeline_name": run.pipeline.name,
        "pipeline_counter": run.counter,
        # Whose jobs these are is not said here again, though there are fields for it.
        "jobs": [{**job_shape(job), **dict.fromkeys(_WHOSE)} for job in stage.jobs],
    }


def stage_in_history(run: PipelineInstance, stage: StageInstance) -> dict[str, Any]:
    return {
        "name": stage.name,
        "counter": str(stage.counter),
        "approval_type": _approval(stage.plan),
        "approved_by": stage.approved_by,
        **_result(stage),
        "rerun_of_counter": stage.rerun_of,
        "pipeline_name": run.pipeline.name,
        "pipeline_counter": run.counter,
        "jobs": [_job_in_history(job) for job in stage.jobs],
    }


_WHOSE = ("pipeline_name", "pipeline_counter", "stage_name", "stage_counter")


def job_shape(job: JobInstance) -> dict[str, Any]:
    return {
        **_job_in_history(job),
        "original_job_id": job.original.id if job.copy_of else None,
        "rerun": job.is_rerun,
        "agent_uuid": job.agent or None,
        "pipeline_name": job.running.pipeline,
        "pipeline_counter": job.running.counter,
        "stage_name": job.running.stage,
        "stage_counter": str(job.running.stage_counter),
        "job_state_transitions": [
            {"state": transition.state.value, "state_change_time": millis(transition.at)}
            for transition in job.transitions
        ],
    }


def material_shape(material: Material) -> dict[str, Any]:
    """Source: GoCD's GitMaterialConfig.java and DependencyMaterialConfig.java."""
    if material.kind == "dependency":
        kind, description = "Pipeline", f"{material.pipeline} [ {material.stage} ]"
    else:
        kind, description = material.kind.capitalize(), f"URL: {material.url}, Branch: {material.branch}"
    return {
        "name": material.name,
        "fingerprint": fingerprint(material),
        "type": kind,
        "description": description,
    }


def fingerprint(material: Material) -> str:
    """Source: GoCD's AbstractMaterialConfig.fingerprintFrom."""
    if material.kind == "dependency":
        told = {"type": "DependencyMaterial", "pipelineName": material.pipeline, "stageName": material.stage}
    else:
        told = {
            "type": f"{material.kind.capitalize()}Material",
            "url": material.url,
            "branch": material.branch,
        }
    return hashlib.sha256("<|>".join(f"{key}={value}" for key, value in told.items()).encode()).hexdigest()


def revision_of(run: PipelineInstance, material: Material) -> str:
    """The revision of *material* in *run*: a stage of the upstream pipeline, where it is one."""
    if material.kind == "dependency":
        return locator(material, run.upstream[material.pipeline])
    return run.revisions[material.name]


def millis(seconds: float) -> int:
    return round(seconds * 1000)


def _revision(run: PipelineInstance, material: Material) -> dict[str, Any]:
    is_pipeline = material.kind == "dependency"
    return {
        "changed": run.counter == 1 or not run.cause.is_forced,
        "material": material_shape(material),
        "modifications": [
            {
                "revision": revision_of(run, material),
                "modified_time": millis(run.created_at),
                "user_name": None if is_pipeline else "somebody <somebody@example.com>",
                "comment": None if is_pipeline else "a change",
                "email_address": None,
            }
        ],
    }


def _stage_in_pipeline(
    served: ServedPipeline, run: PipelineInstance, plan: Stage, operates: bool
) -> dict[str, Any]:
    stage = run.latest(plan.name)
    offered = {"operate_permission": operates, "can_run": operates and can_run(served, run, plan.name)}
    if stage is None:
        return {
            "status": "Unknown",
            "rerun_of_counter": None,
            "name": plan.name,
            "counter": "1",
            "scheduled": False,
            "approval_type": None,
            "approved_by": None,
            **offered,
            "jobs": [],
        }
    return {
        "result": stage.result.value,
        "status": stage.state.value,
        "rerun_of_counter": stage.rerun_of,
        "name": plan.name,
        "counter": str(stage.counter),
        "scheduled": True,
        "approval_type": _approval(plan),
        "approved_by": stage.approved_by,
        **offered,
        "jobs": [_job_in_history(job) for job in stage.jobs],
    }


def _result(stage: StageInstance) -> dict[str, str]:
    found = {"result": stage.result.value}
    return (
        {**found, "cancelled_by": stage.cancelled_by or _NOBODY}
        if stage.result is Result.CANCELLED
        else found
    )


def _job_in_history(job: JobInstance) -> dict[str, Any]:
    return {
        "name": job.running.name,
        "scheduled_date": millis(job.scheduled_at),
        "state": job.state.value,
        "result": job.result.value,
    }


def _approval(stage: Stage) -> str:
    return "manual" if stage.approval.manual else "success"
