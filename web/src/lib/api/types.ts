import type { DeviceFacet, GeofenceFacet } from './fleet';
import type { components, operations } from './schema';

/**
 * Short names for the shapes of the wire. They are the server's own: `npm run
 * gen` makes schema.d.ts from its description (docs/openapi.json).
 */
type Schemas = components['schemas'];

export type NodeKind = Schemas['NodeKind'];
export type EdgeKind = Schemas['EdgeKind'];
export type Level = Schemas['Level'];
export type Visibility = Schemas['Visibility'];
export type SystemState = Schemas['State'];
export type Locale = Schemas['Locale'];
export type Theme = Schemas['Theme'];
export type TokenAccess = Schemas['TokenAccess'];

export type Node = Schemas['Node'];
export type DeviceNode = Node & { device: DeviceFacet };
export type GeofenceNode = Node & { geofence: GeofenceFacet };
export type SystemFacet = Schemas['System'];
export type SystemNode = Node & { system: SystemFacet };
export type Check = Schemas['CheckSpec'];
export type Edge = Schemas['Edge'];

export type Intention = Schemas['Intention'];
export type IntentionResult = Schemas['IntentionResult'];
export type SystemInput = Schemas['SystemPatch'];
export type PersonInput = Schemas['PersonPatch'];

export type Problem = Schemas['Problem'];
export type Me = Schemas['Me'];
export type Activity = Schemas['Activity'];
/** As the chart and the sparkline need it; only the chart's say why one failed. */
export type Run = Schemas['LatencyPoint'] & { error?: string | null };
export type Token = Schemas['Token'];
export type Health = Schemas['Health'];
export type HealthCheck = Schemas['HealthCheck'];

export type Job = Schemas['Job'];
export type JobState = Schemas['JobState'];
export type JobOpenState = Extract<JobState, 'scheduled' | 'ready' | 'running'>;
export type JobEnding = Exclude<JobState, JobOpenState>;
export type JobKind = Schemas['JobKind'];
export type JobClassName = Schemas['JobClass'];
export type JobClassView = Schemas['JobClassView'];
export type JobStats = Schemas['JobStats'];
export type JobMinute = Schemas['JobMinute'];
export type JobWorker = Schemas['JobWorker'];
export type JobSchedule = Schemas['JobScheduleDetail'];
export type NewJobSchedule = Schemas['NewJobSchedule'];
export type JobSchedulePatch = Schemas['JobSchedulePatch'];
export type DeadLetter = Schemas['DeadLetter'];

export type MaintenanceFacet = Schemas['Maintenance'];
export type MaintenanceState = Schemas['MaintenanceState'];
export type MaintenanceNode = Node & { maintenance: MaintenanceFacet };
export type NewMaintenance = Schemas['NewMaintenance'];
export type MaintenanceUpdate = Schemas['MaintenanceUpdate'];
export type Audience = Schemas['Audience'];
export type Forecast = Schemas['Forecast'];
export type Rehearsal = Schemas['Rehearsal'];

export type Notification = Schemas['Notification'];
export type NoticeKind = Schemas['NoticeKind'];
export type Preferences = Schemas['PreferencesPatch'];
export type Subscription = Schemas['Subscription'];
export type NewSubscription = Schemas['NewSubscription'];
export type Channel = Schemas['Channel'];
export type Security = Schemas['Security'];
export type SecretField = Schemas['SecretField'];
export type ConnectionFacet = Schemas['Connection'];
export type ConnectionNode = Node & { connection: ConnectionFacet };
export type ConnectionInput = Schemas['ConnectionPatch'];
export type TestResult = Schemas['TestResult'];
export type Template = Schemas['Template'];
export type TriedTemplate = Schemas['TriedTemplate'];
export type Preview = Schemas['Preview'];
export type Delivery = Schemas['Delivery'];
export type DeliveryState = NonNullable<
	NonNullable<operations['list_deliveries']['parameters']['query']>['state']
>;

export type StatusPageFacet = Schemas['StatusPage'];
export type StatusPageNode = Node & { status_page: StatusPageFacet };
export type StatusPageEntry = Schemas['StatusPageEntry'];
export type StatusPageFollower = Schemas['StatusPageFollower'];
export type StatusPageFollowers = Schemas['StatusPageFollowers'];

export type Cache = Schemas['Cache'];
export type CacheScope = Schemas['CacheScope'];
export type Cause = Schemas['Cause'];
export type Impact = Schemas['Impact'];
export type Link = Schemas['Link'];
export type Contact = Schemas['Contact'];
export type NewContact = Schemas['NewContact'];
export type SystemOrder = Schemas['SystemOrder'];
export type ViewFacet = Schemas['View'];
export type ViewFilter = Schemas['ViewFilter'];
export type ViewNode = Node & { view: ViewFacet };
export type SearchHit = Schemas['SearchHit'];
export type IncidentFacet = Schemas['Incident'];
export type IncidentNode = Node & { incident: IncidentFacet };
export type IncidentState = Schemas['IncidentState'];
export type Severity = Schemas['Severity'];

/** The rows a subscription begins with, whichever way they come. */
export interface Rows {
	nodes?: Node[];
	edges?: Edge[];
	levels?: Record<string, Level>;
	truncated?: boolean;
}

export type NewIncident = Schemas['NewIncident'];
export type HealthOverride = Schemas['HealthOverride'];
export type IncidentUpdate = Schemas['IncidentUpdate'];
export type UpdateEdit = Schemas['UpdateEdit'];

export type AnnouncementFacet = Schemas['Announcement'];
export type AnnouncementNode = Node & { announcement: AnnouncementFacet };
export type AnnouncementItem = Schemas['AnnouncementItem'];
export type AnnouncementSeverity = Schemas['AnnouncementSeverity'];
export type AnnouncementState = Schemas['AnnouncementState'];
export type Reach = Schemas['Reach'];

export type MaintenanceSeries = Schemas['MaintenanceSeries'];
export type NewSeries = Schemas['NewSeries'];
export type SeriesWindow = Schemas['SeriesWindow'];
