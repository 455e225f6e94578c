/**
What a domain other than domain zero may take of the store, so that one guest cannot fill it (tools/xenstored/core.c and
domain.c, the defaults of 4.18 and later). Two comparisons there are `>` where `>=` was meant: kept, a guest can tell.
The limits on memory and on the rate of writes are not modelled.
*/
export interface Quotas {
	/** Nodes owned. Creating more is ENOSPC. */
	readonly nodes: number;
	/** Registering a watch with more than these is E2BIG. */
	readonly watches: number;
	/** Starting a transaction with more than these open is ENOSPC. */
	readonly transactions: number;
	/** Different nodes touched in one transaction; beyond, it cannot be committed (ENOMEM). */
	readonly transactionNodes: number;
	/** Bytes of one node: value, permissions, names of children. ENOSPC. */
	readonly nodeBytes: number;
	/** Entries of a permission list. ENOSPC. */
	readonly permissionEntries: number;
	/** Answers not yet taken off the ring, beyond which requests are not read. */
	readonly outstanding: number;
}

export const defaultQuotas: Quotas = {
	nodes: 1000,
	watches: 128,
	transactions: 10,
	transactionNodes: 1024,
	nodeBytes: 2048,
	permissionEntries: 5,
	outstanding: 20,
};
