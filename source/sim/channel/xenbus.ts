/**
States of a split device's two ends, as each writes its own into its `state` node (enum xenbus_state of Xen public/io/xenbus.h,
same numbers), and the words around them that every frontend and backend needs.
*/
/** Also what a missing or unreadable node means: the other end is not there. */
export const XenbusStateUnknown = 0;
export const XenbusStateInitialising = 1;
/** The backend has published what it can do and waits for the frontend's details. */
export const XenbusStateInitWait = 2;
/** The frontend has published its ring and event channel. */
export const XenbusStateInitialised = 3;
export const XenbusStateConnected = 4;
export const XenbusStateClosing = 5;
export const XenbusStateClosed = 6;
export const XenbusStateReconfiguring = 7;
export const XenbusStateReconfigured = 8;
export type XenbusState = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** The header's names, by number. */
export const xenbusStateNames = [
	'Unknown',
	'Initialising',
	'InitWait',
	'Initialised',
	'Connected',
	'Closing',
	'Closed',
	'Reconfiguring',
	'Reconfigured',
] as const;

/** The state a `state` node's text means; Unknown for anything that is not one. */
export function parseXenbusState(text: string): XenbusState {
	return /^[0-8]$/.test(text) ? ((text.charCodeAt(0) - 48) as XenbusState) : XenbusStateUnknown; // One digit, 0 to 8.
}

export type DeviceKind = 'vbd' | 'vif';

/** `/local/domain/1/device/vbd/51712` */
export function frontendPath(frontend: number, kind: DeviceKind, device: number): string {
	return `/local/domain/${frontend}/device/${kind}/${device}`;
}

/** `/local/domain/0/backend/vbd/1/51712` */
export function backendPath(backend: number, kind: DeviceKind, frontend: number, device: number): string {
	return `/local/domain/${backend}/backend/${kind}/${frontend}/${device}`;
}
