import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { Refused } from "./api/request";
import { Mishap } from "./components/mishap";
import { NoticesProvider } from "./components/notices";
import { MayProvider } from "./role";
import { show } from "./settings";
import "./styles/index.css";

show();

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      refetchOnWindowFocus: false,
      // The server may be on this machine, where no network is needed.
      networkMode: "always",
      // What the server refuses it refuses again; what does not answer may be starting.
      retry: (failures, error) => !(error instanceof Refused && error.status > 0 && error.status < 500) && failures < 2,
    },
  },
});

const place = document.getElementById("page");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <MayProvider>
          <NoticesProvider>
            <Mishap>
              <App />
            </Mishap>
          </NoticesProvider>
        </MayProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}
