def info(message=""):
    print(f"[INFO] {message}", flush=True)
