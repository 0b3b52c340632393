/** Whether this browser's token may change anything; with the other one, nothing is offered that would be refused. */

import { useQuery } from "@tanstack/react-query";
import { overview } from "./api/queries";

const roleOf = { ...overview, select: (known: { readonly role: string }) => known.role };

export function useMay(): boolean {
  return useQuery(roleOf).data !== "read";
}
